import { vocabulary } from './vocabulary.ts';

export const french = vocabulary({
  language: 'french',
  stop: `où à y en ça ceci cela cet mon ma ton ta tes notre nos leur leurs lui eux moi toi se si quand comment pourquoi
    combien quel quelle quels quelles quoi dont lequel laquelle ai as a avons avez ont suis es sommes êtes était être avoir
    peux peut pouvez pouvons puis dois doit faut veux veut voulez voudrais aimerais fait faire sans sous entre chez vers donc
    alors mais très déjà encore aussi bien ici là oui non merci bonjour svp plaît existe`,
  frame: `faire fait faites obtenir avoir trouver trouve besoin possible aide aider problème question savoir signifie marche
    fonctionne utiliser dire expliquer`,
  degrees: 'long longtemps grand haut souvent deux trois quatre cinq six sept huit neuf dix',
  pointers: 'cela ça celui celle ceux celles lui leur y en',
  continuation:
    /^\s*(et|ou|mais|donc|alors|aussi|ok|d'accord|qu'en est-il|pourquoi( pas)?\s*\??$|comment\s*\??$|où\s*\??$|quand\s*\??$)(?!\p{L})/iu,
  synonyms: [
    'prix coût coûte tarif frais',
    'ouvert ouvre ouverture horaires',
    'fermé ferme fermeture',
    'livraison expédition envoi livrer envoyer expédier',
    'retour retourner rendre renvoyer remboursement rembourser',
    'annuler annulation résilier',
    'facture reçu',
    'garantie garanti',
    'cassé abîmé endommagé défectueux',
    'réparer réparation',
    'acheter achat commander commande',
    'supprimer effacer enlever',
    'changer modifier',
    'voiture véhicule',
    'payer paiement régler règlement',
    'téléphone portable appeler',
    'commencer débuter',
  ],
});

export const spanish = vocabulary({
  language: 'spanish',
  stop: `qué cómo cuándo dónde adónde quién quiénes cuál cuáles cuánto cuánta cuántos cuántas por porque para yo me mi mis
    te ti nos nuestro nuestra vuestro suyo ellos ella ellas él le les esto eso esta este estos estas ese esa al ser estar
    estoy está están es soy son era fue he has ha hemos han tengo tiene tienen tenemos puedo puede pueden podemos quiero
    quiere quieren debo debe hay haber muy ya aún también así aquí allí sí no gracias hola favor algo todo todos cada`,
  frame: `hacer hago hace obtener encontrar encuentro necesito necesita posible ayuda problema pregunta saber significa
    funciona usar decir explicar`,
  degrees: 'largo mucho tiempo grande alto veces dos tres cuatro cinco seis siete ocho nueve diez',
  pointers: 'eso esto ello aquello lo ese aquel',
  continuation:
    /^\s*¿?\s*(y|e|o|pero|entonces|también|vale|ok|qué hay de|qué pasa con|por qué( no)?\s*\??$|(cómo|dónde|cuándo)\s*\??$)(?!\p{L})/iu,
  synonyms: [
    'precio coste costo cuesta tarifa',
    'abierto abre abren apertura horario',
    'cerrado cierra cierre',
    'envío entrega enviar entregar envían',
    'devolver devolución reembolso reembolsar',
    'cancelar cancelación anular',
    'factura recibo',
    'garantía garantizado',
    'roto dañado defectuoso estropeado',
    'reparar reparación arreglar',
    'comprar compra pedido pedir',
    'borrar eliminar quitar',
    'cambiar modificar',
    'coche auto carro vehículo',
    'pagar pago abonar',
    'teléfono móvil celular llamar',
    'contraseña clave',
    'empezar comenzar iniciar',
  ],
});
